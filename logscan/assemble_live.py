"""assemble_live"""
